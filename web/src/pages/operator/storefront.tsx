import { useQuery } from '@tanstack/react-query'
import { Button, Empty, Form, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { siteOf } from '../../api/site'
import { Entry } from '../../kit/form'
import { Await, Page } from '../../kit/page'
import { useText } from '../../kit/show'

type Floors = Schemas['FloorsBody']

/** Products to choose from, found by words. */
function Products({ value, onChange, id }: { value?: string[]; onChange?: (ids: string[]) => void; id?: string }) {
  const { t } = useTranslation()
  const text = useText()
  const [q, setQ] = useState('')
  const found = useQuery({
    queryKey: ['products', siteOf(), 'choose', q],
    queryFn: () => unwrap(api.GET('/api/v1/products', { params: { query: { q: q || undefined } } })),
    placeholderData: (old) => old,
  })
  const chosen = useQuery({ queryKey: ['home', siteOf()], queryFn: () => unwrap(api.GET('/api/v1/storefront')) })
  const known = new Map(
    [...(chosen.data?.floors.flatMap((f) => f.products) ?? []), ...(found.data?.products ?? [])].map((c) => [
      c.id,
      text(c.name),
    ]),
  )
  const options = [...known].map(([key, label]) => ({ value: key, label }))
  return (
    <Select
      id={id}
      mode="multiple"
      showSearch={{ onSearch: setQ, filterOption: false }}
      value={value}
      onChange={onChange}
      options={options}
      maxCount={12}
      placeholder={t('floors.choose')}
      style={{ width: '100%' }}
    />
  )
}

function FloorsForm({ floors }: { floors: Floors }) {
  const { t } = useTranslation()
  return (
    <Entry<Floors, unknown>
      initial={floors}
      run={(body) => unwrap(api.PUT('/api/v1/operator/floors', { body }))}
      success={t('floors.saved')}
      send={t('floors.save')}
    >
      <Form.List name="floors">
        {(items, { add, remove, move }) => (
          <div className="stack" style={{ marginBottom: 24 }}>
            {items.length === 0 && <Empty description={t('floors.empty')} />}
            {items.map((item) => (
              <section
                key={item.key}
                className="panel"
                style={{ padding: 24 }}
                aria-label={t('floors.floor', { n: item.name + 1 })}
              >
                <div className="row" style={{ justifyContent: 'space-between' }}>
                  <h2>{t('floors.floor', { n: item.name + 1 })}</h2>
                  <div className="row">
                    <Button size="small" disabled={item.name === 0} onClick={() => move(item.name, item.name - 1)}>
                      {t('floors.up')}
                    </Button>
                    <Button
                      size="small"
                      disabled={item.name === items.length - 1}
                      onClick={() => move(item.name, item.name + 1)}
                    >
                      {t('floors.down')}
                    </Button>
                    <Button size="small" danger onClick={() => remove(item.name)}>
                      {t('action.remove')}
                    </Button>
                  </div>
                </div>
                <div className="two">
                  {['zh', 'en'].map((language) => (
                    <Form.Item
                      key={language}
                      name={[item.name, 'name', language]}
                      label={`${t('field.name')} (${t(`language.${language}`)})`}
                      rules={[{ required: true, message: t('form.required') }, { max: 40 }]}
                    >
                      <Input />
                    </Form.Item>
                  ))}
                </div>
                <Form.Item
                  name={[item.name, 'products']}
                  label={t('floors.products')}
                  extra={t('floors.products_hint')}
                  rules={[{ required: true, message: t('form.required') }]}
                >
                  <Products />
                </Form.Item>
              </section>
            ))}
            <div>
              <Button disabled={items.length >= 10} onClick={() => add({ name: { zh: '', en: '' }, products: [] })}>
                {t('floors.add')}
              </Button>
            </div>
          </div>
        )}
      </Form.List>
    </Entry>
  )
}

/** The floors of the storefront's home page at this site. */
export function Floors() {
  const { t } = useTranslation()
  const query = useQuery({ queryKey: ['floors', siteOf()], queryFn: () => unwrap(api.GET('/api/v1/operator/floors')) })
  return (
    <Page title={t('nav.floors')} purpose={t('floors.purpose', { site: t(`site.${siteOf()}`) })}>
      <Await query={query}>{(floors) => <FloorsForm floors={floors} />}</Await>
    </Page>
  )
}
