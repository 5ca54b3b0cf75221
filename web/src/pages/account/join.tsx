import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { Descriptions, Form, Input, Result } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap } from '../../api/client'
import { Entry } from '../../kit/form'
import { Await, Page } from '../../kit/page'
import { usePreferences } from '../../kit/preferences'

/** An invited person chooses a password and is a colleague. */
export function Join() {
  const { t } = useTranslation()
  const { language } = usePreferences()
  const { secret } = useParams({ strict: false }) as { secret: string }
  const [done, setDone] = useState(false)
  const query = useQuery({
    queryKey: ['join', secret],
    queryFn: () => unwrap(api.GET('/api/v1/join/{secret}', { params: { path: { secret } } })),
    retry: false,
    enabled: !done,
  })
  if (done)
    return <Result status="success" title={t('join.done')} extra={<Link to="/log-in">{t('action.log_in')}</Link>} />
  const join = ({ password }: { password: string }) =>
    unwrap(api.POST('/api/v1/join/{secret}', { params: { path: { secret } }, body: { password, language } }))
  return (
    <div style={{ maxWidth: 480, margin: '24px auto' }} className="panel">
      <div style={{ padding: 24 }}>
        <Page title={t('join.title')} purpose={t('join.purpose')}>
          <Await query={query}>
            {(invitation) => (
              <>
                <Descriptions
                  column={1}
                  size="small"
                  items={[
                    { key: 'a', label: t('register.account_name'), children: invitation.account_name },
                    { key: 'l', label: t('log_in.login'), children: invitation.login },
                    { key: 'n', label: t('field.name'), children: invitation.name },
                    { key: 'r', label: t('organisation.role'), children: t(`organisation.${invitation.role}`) },
                  ]}
                />
                <Entry<{ password: string }, unknown> run={join} done={() => setDone(true)} send={t('join.join')} block>
                  <Form.Item
                    name="password"
                    label={t('log_in.password')}
                    extra={t('register.password_hint')}
                    rules={[{ required: true, message: t('form.required') }, { min: 10 }]}
                  >
                    <Input.Password autoComplete="new-password" />
                  </Form.Item>
                </Entry>
              </>
            )}
          </Await>
        </Page>
      </div>
    </div>
  )
}
