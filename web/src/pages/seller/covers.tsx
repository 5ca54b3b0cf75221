import { Form, Select, Space, Switch } from 'antd'
import { useTranslation } from 'react-i18next'
import type { Schemas } from '../../api/client'

const resets = ['never', 'hour', 'day', 'week', 'month', 'year']

/** What packages of a specification cover: the use of another one of the same product. */
export function Covers({ at }: { at: number }) {
  const { t } = useTranslation()
  const all: Schemas['SpecificationBody'][] | undefined = Form.useWatch('specifications')
  const byUse = (all ?? []).filter((s) => s.charging_mode === 'ON_DEMAND').map((s) => ({ value: s.key, label: s.key }))
  return (
    <>
      <h2 style={{ marginTop: 16 }}>{t('package.title')}</h2>
      <Space wrap align="baseline" style={{ display: 'flex' }}>
        <Form.Item name={[at, 'package', 'of']} label={t('package.of')}>
          <Select style={{ width: 180 }} options={byUse} />
        </Form.Item>
        <Form.Item name={[at, 'package', 'reset']} label={t('package.reset')} initialValue="never">
          <Select
            style={{ width: 260 }}
            options={resets.map((value) => ({ value, label: t(`package.reset_${value}`) }))}
          />
        </Form.Item>
        <Form.Item
          name={[at, 'package', 'stop_when_used_up']}
          label={t('package.stop')}
          valuePropName="checked"
          initialValue={false}
        >
          <Switch />
        </Form.Item>
      </Space>
    </>
  )
}
